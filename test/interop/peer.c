// A program as others write them: maps a segment and does what its standard input says, a line each.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int creates = strcmp(argv[1], "create") == 0;
  const size_t size = strtoul(argv[3], NULL, 10);
  const int fd = shm_open(argv[2], O_RDWR | (creates ? O_CREAT | O_EXCL : 0), 0600);
  if (fd < 0 || (creates && ftruncate(fd, (off_t)size) != 0)) return 3;
  char* const memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return 4;
  if (creates) strcpy(memory, "from C");
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("1");
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strcmp(line, "print\n") == 0) printf("\"%s\"\n", memory);
    if (strcmp(line, "lock\n") == 0) printf("%d\n", flock(fd, LOCK_EX) == 0);
    if (strcmp(line, "try\n") == 0) printf("%d\n", flock(fd, LOCK_EX | LOCK_NB) == 0);
    if (strcmp(line, "unlock\n") == 0) printf("%d\n", flock(fd, LOCK_UN));
  }
  return 0;
}
