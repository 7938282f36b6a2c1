// Named memory. What lives as long as somebody has it open is a section of the page file, under its
// own name, so that every program of Windows finds it; a control file tells its size and who has
// it. What stays until it is unlinked is a file.
#include "os/names.h"

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "crossmem/error.h"
#include "os/control.h"
#include "os/exit_guard.h"
#include "os/mapping.h"
#include "os/windows/control_names.h"
#include "os/windows/section.h"

namespace crossmem::inline v0::os {
namespace {

constexpr std::string_view kSection = "section.";
constexpr std::string_view kFile = "file.";
/// Of a section whose name is gone: the kernel's object keeps its own for as long as it is held.
constexpr std::string_view kUnlinked = "unlinked.";

constexpr std::string_view kLocal = "Local\\";
constexpr std::string_view kGlobal = "Global\\";

bool is_global(std::string_view name) noexcept { return name.starts_with(kGlobal); }

/// Checked, and written in one way: what says nothing is of this session, as what says `Local\`.
std::string plain_name(const std::string& given) {
  const std::size_t space = given.starts_with(kLocal) ? kLocal.size() : 0;
  const std::size_t rest = is_global(given) ? kGlobal.size() : space;
  if (rest == given.size() || given.find('\\', rest) != std::string::npos)
    throw Error(Errc::invalid_argument,
                "a name on Windows has no '\\', but after 'Local' or 'Global' at its begin");
  return given.substr(space);
}

/// As a part of names. A user may have several: the desktop, a service, a remote desktop.
std::string session() {
  DWORD number = 0;
  if (ProcessIdToSessionId(GetCurrentProcessId(), &number) == 0) throw_last("ProcessIdToSessionId");
  return std::to_string(number) + '.';
}

/// Whether two sessions of a user have one each. Files are the user's.
bool is_of_session(std::string_view kind, std::string_view name) {
  return kind != kFile && !is_global(name);
}

std::string control_name(std::string_view kind, const std::string& name) {
  return std::string(kind) + (is_of_session(kind, name) ? session() : "") + name;
}

/// The other way. Nothing for what is of another kind, or of another session.
std::optional<std::string> name_of(std::string_view kind, const std::string& control) {
  if (!control.starts_with(kind)) return std::nullopt;
  std::string name = control.substr(kind.size());
  if (!is_of_session(kind, name)) return name;
  const std::string own = session();
  if (!name.starts_with(own)) return std::nullopt;
  return name.substr(own.size());
}

/// The name of the kernel object. Those that are made while a section without a name still has the
/// first one are numbered, after a '/', which no name of crossmem has.
std::wstring object_name(const std::string& name, std::uint64_t number = 0) {
  std::wstring object = widen(is_global(name) ? name : std::string(kLocal) + name);
  if (number != 0) object += L"/" + std::to_wstring(number);
  return object;
}

/// What the control file of a section says.
struct Note {
  std::uint64_t size = 0;
  std::uint64_t number = 0;  ///< Of the object's name.
};

/// Nothing is known if somebody has cut it.
Note read_note(const ControlFile& control) {
  Note note;
  if (inspect(control.file()).size < sizeof(note)) return note;
  std::byte* const at = map({.file = &control.file(), .offset = 0, .length = sizeof(note)});
  std::memcpy(&note, at, sizeof(note));
  unmap(at, sizeof(note));
  return note;
}

ControlFile write_note(const std::string& name, const Note& note) {
  return ControlFile::open_or_create(control_name(kSection, name), sizeof(note),
                                     [&](std::byte* at) { std::memcpy(at, &note, sizeof(note)); });
}

/// Gives up what tells of a section. It goes with the section, not before: who finds a section
/// alone takes it for another program's.
void give_up(ControlFile& control, const std::wstring& object) noexcept {
  control.release([&object](const File&) { return !open_section(object, false); });
}

/// Whether the first object of this name is one whose name is gone, by the file that its holders
/// have. Of those who died it is removed.
bool is_unlinked(const std::string& name) { return is_held(control_name(kUnlinked, name)); }

/// A hold on a section: first the section goes, then, if nobody else has it, what tells of it.
struct Held {
  Held(File opened, ControlFile noted, std::string of, std::uint64_t numbered)
      : section(std::move(opened)), control(std::move(noted)), name(std::move(of)) {
    last_act.emplace([this, numbered] {
      section = {};
      try {
        give_up(control, object_name(name, numbered));
        // What tells of it may have become that since.
        if (numbered == 0) is_unlinked(name);
      } catch (const std::exception&) {
        // Left to `clean`: there is nobody to tell.
      }
    });
  }

  File section;
  ControlFile control;
  std::string name;
  std::optional<ExitGuard> last_act = std::nullopt;
};

/// What a name leads to, if it is no file: a section with its control file; a section alone, of
/// another program; a control file alone, of those who died.
struct Found {
  std::optional<ControlFile> control;
  Note note;
  File section;
};

/// A section that nothing tells of. What tells of ours is there before it and goes after it.
File others_section(const std::string& name, bool writable) {
  if (is_unlinked(name)) return {};
  File section = open_section(object_name(name), writable);
  return section && !is_unlinked(name) ? std::move(section) : File();
}

Found find_section(const std::string& name, bool writable) {
  const std::string control = control_name(kSection, name);
  Found found;
  found.control = ControlFile::open(control);
  if (!found.control) {
    found.section = others_section(name, writable);
    // Ours, which has come in between.
    if (found.section) found.control = ControlFile::open(control);
  }
  if (found.control) {
    found.note = read_note(*found.control);
    found.section = open_section(object_name(name, found.note.number), writable);
  }
  // Noted by anybody: never more than there is.
  if (found.section) {
    const std::uint64_t whole = section_size(found.section);
    found.note.size = found.note.size == 0 ? whole : std::min(found.note.size, whole);
  }
  return found;
}

Attachment hold(Found found, const std::string& name) {
  if (!found.control)
    return {std::make_shared<const File>(std::move(found.section)), found.note.size,
            Persist::manual};
  const auto held = std::make_shared<Held>(std::move(found.section), std::move(*found.control),
                                           name, found.note.number);
  return {{held, &held->section}, found.note.size, Persist::last_close};
}

/// One process at a time makes names, or takes them away.
File naming_gate() { return control_gate(L"+naming"); }

/// The first object name that is free, if those before are of sections that have lost theirs.
std::uint64_t free_number(const std::string& name) {
  for (std::uint64_t number = 0;; ++number) {
    if (!open_section(object_name(name, number), false)) return number;
    if (number == 0 && !is_unlinked(name)) throw_errno(EEXIST, "CreateFileMapping");
  }
}

/// First what tells of it, which is held: nobody takes the section for another program's, and of
/// whoever is killed before it is there, something is left that leads to nothing.
Found make_section(const std::string& name, std::uint64_t size) {
  const Note note{.size = size, .number = free_number(name)};
  ControlFile::unlink(control_name(kSection, name));  // of those who died
  const std::wstring object = object_name(name, note.number);
  Found made{.control = write_note(name, note), .note = note, .section = {}};
  try {
    made.section = create_section(object, size);
    // Another program was quicker.
    if (!made.section) throw_errno(EEXIST, "CreateFileMapping");
  } catch (const Error&) {
    made.control->release([](const File&) { return true; });
    throw;
  }
  return made;
}

Attachment file_attachment(ControlFile control) {
  const std::uint64_t size = inspect(control.file()).size;
  const auto held = std::make_shared<ControlFile>(std::move(control));
  return {{held, &held->file()}, size, Persist::manual};
}

Attachment create_file_segment(const std::string& name, std::uint64_t size) {
  auto control = ControlFile::open_or_create(control_name(kFile, name),
                                             static_cast<std::size_t>(size), [](std::byte*) {});
  if (!control.created()) throw_errno(EEXIST, "CreateFile");
  return file_attachment(std::move(control));
}

bool has_file(const std::string& name) {
  return ControlFile::open(control_name(kFile, name)).has_value();
}

}  // namespace

Attachment create_segment(const std::string& given, const NewSegment& segment) {
  const std::string name = plain_name(given);
  const File gate = naming_gate();
  if (has_file(name)) throw_errno(EEXIST, "CreateFile");
  if (find_section(name, false).section) throw_errno(EEXIST, "CreateFileMapping");
  if (segment.persist == Persist::manual) return create_file_segment(name, segment.size);
  return hold(make_section(name, segment.size), name);
}

std::optional<Attachment> open_segment(const std::string& given, bool writable,
                                       bool /*allow_foreign*/) {
  const std::string name = plain_name(given);
  if (auto file = ControlFile::open(control_name(kFile, name)))
    return file_attachment(std::move(*file));
  Found found = find_section(name, writable);
  if (found.section) return hold(std::move(found), name);
  if (found.control) give_up(*found.control, object_name(name, found.note.number));
  return std::nullopt;
}

bool unlink_segment(const std::string& given) {
  const std::string name = plain_name(given);
  const File gate = naming_gate();
  if (ControlFile::unlink(control_name(kFile, name))) return true;
  const Found found = find_section(name, false);
  if (found.section && !found.control)
    throw Error(Errc::unsupported, "another program has made this, and Windows removes its name");
  // Those who have it hold the file, under whichever name: it goes with the last of them.
  if (found.section && found.note.number == 0)
    return rename_control(control_name(kSection, name), control_name(kUnlinked, name));
  return ControlFile::unlink(control_name(kSection, name));
}

std::optional<SegmentStatus> inspect_segment(const std::string& given) {
  const std::string name = plain_name(given);
  SegmentStatus status{.name = given,
                       .size = 0,
                       .mode = 0600,
                       .owner = 0,
                       .persist = Persist::manual,
                       .attached = std::nullopt};
  if (const auto file = ControlFile::open(control_name(kFile, name))) {
    status.size = inspect(file->file()).size;
    return status;
  }
  // What the dead have left takes no memory: the kernel has removed that.
  const Found found = find_section(name, false);
  if (!found.section) return std::nullopt;
  status.size = found.note.size;
  if (found.control) {
    status.persist = Persist::last_close;
    status.attached = true;
  }
  return status;
}

std::vector<std::string> segment_names() {
  std::vector<std::string> names;
  for (const std::string& control : ControlFile::names()) {
    for (const std::string_view kind : {kSection, kFile})
      if (auto name = name_of(kind, control)) names.push_back(std::move(*name));
    if (const auto unlinked = name_of(kUnlinked, control)) is_unlinked(*unlinked);
  }
  return names;
}

bool clean_segment(const std::string& given) {
  const std::string name = plain_name(given);
  const File gate = naming_gate();
  Found found = find_section(name, false);
  if (found.section || !found.control) return false;
  // What others hold tells of a section that is just going.
  found.control.reset();
  return ControlFile::clean(control_name(kSection, name));
}

File unnamed_segment(std::uint64_t size) { return create_section({}, size); }

}  // namespace crossmem::inline v0::os
