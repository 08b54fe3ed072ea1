"""The C program that calls a student's `dot`: no Python is in its process, and pages that nobody may touch lie around the arrays."""

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* caller LIBRARY...: reads n, the zero point (int32 each), x and w (n bytes each) from its input. It calls dot of each
   library twice, with the arrays directly before and directly behind a page that must not be touched, and writes a line
   for each call: "value V", or "fault x|w|? INDEX" where a read or a write ended it. */

typedef int32_t (*dot_t)(const uint8_t *, const int8_t *, int32_t, int32_t);
typedef struct { uint8_t *whole, *first; size_t inner, page; } guarded;

static guarded arrays[2];
static int32_t count;

static guarded around(const uint8_t *bytes, size_t n, int at_the_end, int beside)
{
    guarded made;
    made.page = (size_t)sysconf(_SC_PAGESIZE);
    made.inner = (n / made.page + 1) * made.page;
    made.whole = mmap(NULL, made.inner + 2 * made.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (made.whole == MAP_FAILED)
        exit(3);
    memset(made.whole, beside, made.inner + 2 * made.page);
    made.first = made.whole + made.page + (at_the_end ? made.inner - n : 0);
    if (n)
        memcpy(made.first, bytes, n);
    mprotect(made.whole, made.page, PROT_NONE);
    mprotect(made.whole + made.page, made.inner, PROT_READ);
    mprotect(made.whole + made.page + made.inner, made.page, PROT_NONE);
    return made;
}

static void told(int signal, siginfo_t *info, void *context)
{
    uint8_t *address = info->si_addr;
    (void)signal, (void)context;
    for (int which = 0; which < 2; which++) {
        guarded *one = &arrays[which];
        if (address >= one->whole && address < one->whole + one->inner + 2 * one->page) {
            printf("fault %c %ld\n", "xw"[which], (long)(address - one->first));
            fflush(stdout);
            _exit(0);
        }
    }
    printf("fault ? 0\n");
    fflush(stdout);
    _exit(0);
}

int main(int given, char **names)
{
    static uint8_t stack[1 << 16];
    struct rlimit seconds = {2, 2}, none = {0, 0};
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {0};
    int32_t head[2];
    uint8_t *x, *w;
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &none);
    if (fread(head, sizeof *head, 2, stdin) != 2 || head[0] < 0)
        return 3;
    count = head[0];
    x = malloc((size_t)count + 1);
    w = malloc((size_t)count + 1);
    if (!x || !w || fread(x, 1, (size_t)count, stdin) != (size_t)count || fread(w, 1, (size_t)count, stdin) != (size_t)count)
        return 3;
    sigaltstack(&own, NULL);
    action.sa_sigaction = told;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    for (int at = 1; at < given; at++) {
        void *library = dlopen(names[at], RTLD_NOW | RTLD_LOCAL), *found = library ? dlsym(library, "dot") : NULL;
        dot_t dot;
        if (!found) {
            printf("nameless\n");
            return 0;
        }
        memcpy(&dot, &found, sizeof dot);
        for (int at_the_end = 1; at_the_end >= 0; at_the_end--) {
            arrays[0] = around(x, (size_t)count, at_the_end, 251);
            arrays[1] = around(w, (size_t)count, at_the_end, 113);
            printf("value %ld\n", (long)dot(arrays[0].first, (const int8_t *)arrays[1].first, count, head[1]));
            fflush(stdout);
        }
    }
    return 0;
}
"""
