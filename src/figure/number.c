#include "figure/number.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double nearly = 1e-9;

int rg_number_magnitude(double x) {
    return (int)floor(log10(x) + nearly);
}

double rg_number_ten_to(int exponent) {
    return pow(10, exponent);
}

void rg_number_fixed(char text[RG_NUMBER_TEXT], double value, int decimals) {
    char format[16], digits[RG_NUMBER_TEXT - 4];
    g_snprintf(format, sizeof format, "%%.%df", decimals);
    g_ascii_formatd(digits, sizeof digits, format, fabs(value)); /* a decimal point in every locale */
    const int zero = strspn(digits, "0.") == strlen(digits);
    g_snprintf(text, RG_NUMBER_TEXT, "%s%s", value < 0 && !zero ? RG_MINUS : "", zero ? "0" : digits);
}

void rg_number_trim(char *text) {
    if (!strchr(text, '.')) return;
    char *end = text + strlen(text);
    while (end[-1] == '0') *--end = 0;
    if (end[-1] == '.') *--end = 0;
}

void rg_number_power(char text[RG_NUMBER_TEXT], const char *mantissa, int exponent) {
    const char *times = *mantissa ? RG_TIMES : "";
    g_snprintf(text, RG_NUMBER_TEXT, "%s%s10<sup>%s%d</sup>", mantissa, times, exponent < 0 ? RG_MINUS : "",
               exponent < 0 ? -exponent : exponent);
}

void rg_number_significant(char text[RG_NUMBER_TEXT], double value, int digits) {
    const int decimals = digits - 1 - rg_number_magnitude(fabs(value));
    rg_number_fixed(text, value, decimals > 0 ? decimals : 0);
    rg_number_trim(text);
}

static double rounded(double value, int digits) {
    const double unit = rg_number_ten_to(rg_number_magnitude(fabs(value)) - digits + 1);
    return round(value / unit) * unit;
}

void rg_number_short(char text[RG_NUMBER_TEXT], double value, double error) {
    const double tiny = 1e-290; /* below this powers of ten lose their digits */
    const int most_digits = 12, least_plain = -3, most_plain = 4;
    if (fabs(value) < tiny) {
        rg_number_fixed(text, 0, 0);
        return;
    }
    const int exponent = rg_number_magnitude(fabs(value));
    int digits = 1;
    while (digits < most_digits && fabs(rounded(value, digits) - value) > error) digits++;
    if (exponent >= least_plain && exponent <= most_plain) {
        rg_number_significant(text, value, digits);
        return;
    }
    char mantissa[RG_NUMBER_TEXT];
    rg_number_significant(mantissa, value / rg_number_ten_to(exponent), digits);
    rg_number_power(text, strcmp(mantissa, "1") == 0 ? "" : mantissa, exponent);
}

void rg_number_spell(char text[RG_NUMBER_TEXT], double value, int digits) {
    const int least_plain = -3, most_plain = 4;
    char mantissa[RG_NUMBER_TEXT];
    if (isnan(value)) {
        strcpy(text, "unknown");
    } else if (isinf(value)) {
        strcpy(text, value > 0 ? "\xe2\x88\x9e" : RG_MINUS "\xe2\x88\x9e");
    } else if (value == 0) {
        strcpy(text, "0");
    } else {
        const int exponent = rg_number_magnitude(fabs(value));
        rg_number_significant(text, value, digits);
        if (exponent >= least_plain && exponent <= most_plain) return;
        rg_number_significant(mantissa, value / rg_number_ten_to(exponent), digits);
        rg_number_power(text, mantissa, exponent);
    }
}

void rg_number_pi(char text[RG_NUMBER_TEXT], int halves) {
    const int whole = halves % 2 == 0, count = abs(whole ? halves / 2 : halves);
    char number[16] = "";
    if (count > 1) g_snprintf(number, sizeof number, "%d", count);
    if (halves == 0)
        memcpy(text, "0", 2);
    else
        g_snprintf(text, RG_NUMBER_TEXT, "%s%s\xcf\x80%s", halves < 0 ? RG_MINUS : "", number, whole ? "" : "/2");
}
