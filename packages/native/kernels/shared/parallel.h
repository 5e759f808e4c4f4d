// Work on all threads of the process's own small pool.
#pragma once

#include <functional>

namespace moco {

// Threads that share a loop, the caller included: TF_NUM_INTRAOP_THREADS, else every core.
int num_threads();

// Runs body(task, thread) for every task of 0..num_tasks-1; returns when all are done. Which thread takes which task
// is not fixed, so a task must not depend on another; `thread` (0..num_threads-1) chooses scratch memory. Throws
// std::bad_alloc where a task has.
void parallel_for(int num_tasks, const std::function<void(int task, int thread)>& body);

}  // namespace moco
