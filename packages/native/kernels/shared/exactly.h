// To be the first line of a file whose results are to the bit those of JavaScript: a product that is added is rounded
// before, whatever the processor could do at once.
#pragma once

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
// Nothing traps: a comparison may be done before it is needed.
#pragma GCC optimize("fp-contract=off", "no-trapping-math", "no-math-errno")
#endif
