// Tells ThreadSanitizer of the slow path of Swift's `Mutex`, which it cannot see: `scripts/test --sanitize thread` links this
// into every program.
//
// The fast path, one atomic exchange, is inlined into the programs and so watched like the rest of them. Who finds the lock
// taken, or leaves somebody waiting, calls the Synchronization library, which is built without the sanitizer: there the kernel
// hands the lock over (FUTEX_LOCK_PI). What the one wrote and the other reads under the lock would be called a race. The slow
// functions are called through the linker, so a program that defines them itself gets these; they say what happens to the lock,
// at the address whose exchanges ThreadSanitizer knows, and call the library's.
//
// Rejected: to suppress by file, which hides the true races of that file; `called_from_lib`, which ignores what interceptors
// see of a library, where nothing is intercepted.
//
// The names are those of `_MutexHandle._lockSlow(UInt32)` and `_unlockSlow()` in Swift 6.3, as `nm -D libswiftSynchronization.so`
// shows them. If a later Swift has others, `proof.swift` fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
// The lock's word, which is where the handle is.
#define SELF __attribute__((swift_context)) void *lock

typedef SWIFT void (*Lock)(uint32_t thread, SELF);
typedef SWIFT void (*Unlock)(SELF);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

// What this file has hidden.
static void *hidden(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

SWIFT void lock_slow(uint32_t thread, SELF) {
    ((Lock)hidden(LOCK))(thread, lock);
    __tsan_acquire(lock);
}

SWIFT void unlock_slow(SELF) {
    __tsan_release(lock);
    ((Unlock)hidden(UNLOCK))(lock);
}
