// A program of Windows as others write them: makes and opens kernel objects as its standard input
// says, a line each, and answers each line with one of JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { kMostMutexes = 80, kLine = 1024 };

static HANDLE mutexes[kMostMutexes];
static HANDLE section;
static char* view;

static DWORD error_unless(int done) { return done ? 0 : GetLastError(); }

/// 0, or 183 if there was one already; otherwise what went wrong.
static DWORD create_section(const char* path, const char* name, unsigned long long size) {
  HANDLE file = INVALID_HANDLE_VALUE;
  if (strcmp(path, "-") != 0) {
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
  }
  section = CreateFileMappingA(file, NULL, PAGE_READWRITE, (DWORD)(size >> 32), (DWORD)size, name);
  return GetLastError();
}

static DWORD map_section(void) {
  view = section == NULL ? NULL : MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
  return error_unless(view != NULL);
}

static DWORD unmap_section(void) {
  const int done = UnmapViewOfFile(view) && CloseHandle(section);
  section = NULL;
  return error_unless(done);
}

struct Alternation {
  HANDLE mutex;
  DWORD hold;
};

static DWORD WINAPI alternate(void* argument) {
  const struct Alternation* const one = argument;
  while (WaitForSingleObject(one->mutex, INFINITE) == WAIT_OBJECT_0) {
    Sleep(one->hold);
    ReleaseMutex(one->mutex);
  }
  return 0;
}

/// Another thread takes the mutex again and again, each time for so many milliseconds.
static DWORD start_alternating(HANDLE mutex, DWORD hold) {
  static struct Alternation one;
  one.mutex = mutex;
  one.hold = hold;
  return error_unless(CreateThread(NULL, 0, alternate, &one, 0, NULL) != NULL);
}

static DWORD act(char** words) {
  const char* const verb = words[0];
  HANDLE* const mutex = &mutexes[atoi(words[1]) % kMostMutexes];
  if (strcmp(verb, "create-mutex") == 0) {
    *mutex = CreateMutexA(NULL, FALSE, words[2]);
    return GetLastError();
  }
  if (strcmp(verb, "open-mutex") == 0) {
    *mutex = OpenMutexA(SYNCHRONIZE, FALSE, words[2]);
    return error_unless(*mutex != NULL);
  }
  if (strcmp(verb, "wait") == 0) return WaitForSingleObject(*mutex, (DWORD)atoi(words[2]));
  if (strcmp(verb, "alternate") == 0) return start_alternating(*mutex, (DWORD)atoi(words[2]));
  if (strcmp(verb, "release") == 0) return error_unless(ReleaseMutex(*mutex));
  if (strcmp(verb, "close-mutex") == 0) return error_unless(CloseHandle(*mutex));
  if (strcmp(verb, "create-section") == 0) {
    const DWORD made = create_section(words[1], words[2], strtoull(words[3], NULL, 10));
    const DWORD mapped = section == NULL ? made : map_section();
    return mapped != 0 ? mapped : made;
  }
  if (strcmp(verb, "open-section") == 0) {
    section = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, words[1]);
    return map_section();
  }
  if (strcmp(verb, "close-section") == 0) return unmap_section();
  if (strcmp(verb, "lock-file") == 0) {
    const HANDLE file = CreateFileA(words[1], GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    return error_unless(file != INVALID_HANDLE_VALUE);
  }
  if (strcmp(verb, "write") == 0) return strcpy(view, words[1]) == NULL;
  return ERROR_INVALID_FUNCTION;
}

int main(void) {
  char line[kLine];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char* words[4] = {"", "", "", ""};
    size_t count = 0;
    for (char* word = strtok(line, " \r\n"); word != NULL && count < 4; word = strtok(NULL, " \r\n"))
      words[count++] = word;
    SetLastError(0);
    if (strcmp(words[0], "read") == 0)
      printf("\"%s\"\n", view);
    else
      printf("%lu\n", act(words));
    fflush(stdout);
  }
  return 0;
}
