// Names in the control directory: how they are made, changed and taken away.
#pragma once

#include <string>

#include "os/control.h"

namespace crossmem::inline v0::os {

// No encoded name begins so. What is being made, and what is being removed: a file whose name is
// gone at once, though others have it open.
inline constexpr wchar_t kUnfinished[] = L"+new-";
inline constexpr wchar_t kRemoved[] = L"+old-";

/// In the control directory, and no other file's.
std::wstring unique_path(const wchar_t* prefix);

/// For whoever has it, others wait. EBUSY after two seconds. `file` begins with a '+'.
File control_gate(const std::wstring& file);

/// Names are removed while holding this, so that what a name leads to cannot change between looking
/// and removing.
File removal_gate();

/// Windows' error, or ERROR_SUCCESS. No file may have the new name.
unsigned long move_name(const std::wstring& from, const std::wstring& to);

/// Frees the name at once. The file goes with its last handle and view. False if there is none.
bool remove_name(const std::wstring& path);

/// Removes a name that nobody has open, if it then is removable. False if it stays, or if there is
/// none.
bool remove_idle(const std::wstring& path, const ControlFile::Removable& removable);

/// Where a control file is.
std::wstring control_file_path(const std::string& name);

/// Gives a control file another name, whoever has it open. False if there is none. No file has the
/// new name any more.
bool rename_control(const std::string& from, const std::string& to);

/// Whether somebody has a control file open; if nobody has, it is removed.
bool is_held(const std::string& name);

}  // namespace crossmem::inline v0::os
