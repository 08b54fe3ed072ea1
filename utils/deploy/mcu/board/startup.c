/* What runs first: the vector table, and the reset that sets up memory before main. */
#include <stdint.h>

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end; /* by the linker script */

int main(void);

void Default_Handler(void)
{
    for (;;) {
    }
}

void Reset_Handler(void)
{
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    main();
    Default_Handler();
}

void HardFault_Handler(void) __attribute__((weak, alias("Default_Handler")));
void SysTick_Handler(void) __attribute__((weak, alias("Default_Handler")));

/* Where the stack begins, then one address for each exception of the core (Armv7-M manual, B1.5.2). */
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)&stack_top,         (uintptr_t)Reset_Handler,     (uintptr_t)Default_Handler, (uintptr_t)HardFault_Handler,
    (uintptr_t)HardFault_Handler, (uintptr_t)HardFault_Handler, (uintptr_t)HardFault_Handler, 0,
    0, 0, 0, (uintptr_t)Default_Handler, (uintptr_t)Default_Handler, 0, (uintptr_t)Default_Handler, (uintptr_t)SysTick_Handler,
};
