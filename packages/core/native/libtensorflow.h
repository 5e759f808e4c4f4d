// The library that this one is built on.
#pragma once

namespace moco {

// Loads libtensorflow into the process, from where it was at compile time, without the notes that it writes to standard
// error while it is loaded (before anything can tell it to be silent). False where it cannot be loaded.
bool load_libtensorflow();

// Lets the system forget the pages of its file that only loading needed (about 200 MiB): whatever is used again comes
// back from the file. Pages that were written to stay.
void give_back_pages();

}  // namespace moco
