/* The test bench around a network on an emulated board. It is no part of what ships and lies in a memory of its own.
 *
 * Through semihosting (Arm, "Semihosting for AArch32 and AArch64") it reads inputs from the file codes.bin of the computer that
 * emulates, and writes to answers.bin, for each input: the codes of the output, then the ticks of the clock and the
 * bytes of stack that the network took, 8 and 4 bytes. Before the first input it writes the ticks of a loop whose
 * instructions are known.
 */
#include <stdint.h>

#include MODEL_HEADER

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };
enum { DONE = 0, NO_FILES = 10, NOT_WRITTEN = 11, FAULT = 12 };

#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)
#define SYST_MAX 0xFFFFFFu

#define PAINT_BYTES 4096
#define PAINT 0xA5u
#define LOOPS 50000

static intptr_t semihost(int operation, const void *arguments)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static __attribute__((noreturn)) void leave(int code)
{
    const uintptr_t arguments[2] = {APPLICATION_EXIT, (uintptr_t)code};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

void HardFault_Handler(void)
{
    leave(FAULT);
}

/* A clock of 64 bits: the timer counts 24 bits down, its interrupt counts the rest. */
static volatile uint32_t wraps;

void SysTick_Handler(void)
{
    wraps++;
}

static uint64_t ticks(void)
{
    uint32_t high, low;
    do {
        high = wraps;
        low = SYST_CVR;
    } while (high != wraps);
    return (uint64_t)high * (SYST_MAX + 1u) + (SYST_MAX - low);
}

static intptr_t open_file(const char *name, uintptr_t length, uintptr_t mode)
{
    const uintptr_t arguments[3] = {(uintptr_t)name, mode, length};
    return semihost(SYS_OPEN, arguments);
}

static uintptr_t transfer(int operation, intptr_t file, const void *buffer, uintptr_t bytes)
{
    const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)buffer, bytes};
    return (uintptr_t)semihost(operation, arguments); /* the bytes that were left over */
}

static void write_all(intptr_t file, const void *buffer, uintptr_t bytes)
{
    if (transfer(SYS_WRITE, file, buffer, bytes) != 0)
        leave(NOT_WRITTEN);
}

/* 2 * LOOPS instructions and a few around them. */
static uint64_t known_loop(void)
{
    uint32_t count = LOOPS;
    const uint64_t begin = ticks();
    __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(count) : : "cc");
    return ticks() - begin;
}

/* Runs the network once and looks how far down it has written over a painted stack. */
static __attribute__((noinline)) uint32_t stack_of_run(uint64_t *taken)
{
    uint8_t *top;
    __asm__ volatile("mov %0, sp" : "=r"(top));
    volatile uint8_t *const bottom = top - PAINT_BYTES;
    for (volatile uint8_t *at = bottom; at < top; at++)
        *at = PAINT;
    const uint64_t begin = ticks();
    model_run();
    *taken = ticks() - begin;
    volatile uint8_t *at = bottom;
    while (at < top && *at == PAINT)
        at++;
    return (uint32_t)(top - at);
}

int main(void)
{
    SYST_RVR = SYST_MAX;
    SYST_CVR = 0;
    SYST_CSR = 7; /* the processor's clock, with its interrupt */
    const intptr_t in = open_file("codes.bin", 9, MODE_READ_BINARY);
    const intptr_t out = open_file("answers.bin", 11, MODE_WRITE_BINARY);
    if (in < 0 || out < 0)
        leave(NO_FILES);
    uint64_t taken = known_loop();
    write_all(out, &taken, sizeof taken);
    while (transfer(SYS_READ, in, model_input, MODEL_INPUT_BYTES) == 0) {
        const uint32_t stack = stack_of_run(&taken);
        write_all(out, model_output, MODEL_OUTPUT_BYTES);
        write_all(out, &taken, sizeof taken);
        write_all(out, &stack, sizeof stack);
    }
    const uintptr_t closing = (uintptr_t)out;
    semihost(SYS_CLOSE, &closing);
    leave(DONE);
}
