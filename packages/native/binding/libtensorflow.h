// The library that this one is built on.
#pragma once

#include <string>

namespace moco {

// Loads libtensorflow into the process, from where it was at compile time, without the notes that it writes to standard
// error while it is loaded (before anything can tell it to be silent). Returns why it cannot be loaded, or nothing.
//
// Its symbols become those of the process, SQLite's and BoringSSL's among them: an addon that brings its own must be
// linked to itself (-Bsymbolic), as prebuilt ones are.
std::string load_libtensorflow();

// Lets the system forget the pages of its file (about 200 MiB after loading): whatever is used again comes back from the
// file. Pages that were written to stay.
void give_back_pages();

}  // namespace moco
