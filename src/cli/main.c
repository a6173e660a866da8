/* rotgrad: the command line. */
#include <rotgrad/version.h>
#include <stdio.h>

int main(void) {
    printf("rotgrad %s\n", rg_version());
    return 0;
}
