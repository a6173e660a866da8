/* number = [sign] decimal | [sign] [decimal ["*"]] "pi" ["/" decimal] */
#include "experiment/number.h"

#include <glib.h>
#include <math.h>
#include <string.h>

static int accept(const char **at, char wanted) {
    if (**at != wanted) return 0;
    ++*at;
    return 1;
}

/* g_ascii_strtod also knows spaces, a sign, "inf", "nan" and "0x10", none of which may appear here. */
static int decimal(const char **at, double *value) {
    if (!g_ascii_isdigit(**at) && **at != '.') return 0;
    char *end;
    const double parsed = g_ascii_strtod(*at, &end);
    if (end == *at || memchr(*at, 'x', (size_t)(end - *at)) || memchr(*at, 'X', (size_t)(end - *at))) return 0;
    *at = end;
    *value = parsed;
    return 1;
}

static int accept_pi(const char **at) {
    if (strncmp(*at, "pi", 2) != 0) return 0;
    *at += 2;
    return 1;
}

int rg_number_parse(const char *text, double *value) {
    const double pi = 3.14159265358979323846;
    const char *at = text;
    const double sign = accept(&at, '-') ? -1 : 1;
    if (sign > 0) accept(&at, '+');
    double number = 1, divisor = 1;
    const int factor = decimal(&at, &number);
    const int star = factor && accept(&at, '*');
    if (accept_pi(&at)) {
        number *= pi;
        if (accept(&at, '/') && !decimal(&at, &divisor)) return 0;
    } else if (!factor || star) {
        return 0;
    }
    number *= sign;
    number /= divisor;
    if (*at || !isfinite(number)) return 0;
    *value = number;
    return 1;
}

rg_number_text rg_number_show(double value) {
    rg_number_text shown;
    g_ascii_formatd(shown.text, sizeof shown.text, "%.10g", value);
    return shown;
}
