/* Numbers as Pango markup, the same in every locale, with a true minus sign. Internal. */
#ifndef RG_FIGURE_NUMBER_H
#define RG_FIGURE_NUMBER_H

#define RG_MINUS      "\xe2\x88\x92"
#define RG_TIMES      "\xc3\x97"
#define RG_THIN_SPACE "\xe2\x80\x89"

enum { RG_NUMBER_TEXT = 64 };

/* floor(log10(x)) for x > 0, where 9.999999999 counts as 10. */
int rg_number_magnitude(double x);
double rg_number_ten_to(int exponent);

/* With so many decimals; zero is "0". */
void rg_number_fixed(char text[RG_NUMBER_TEXT], double value, int decimals);

/* Without the zeros that end it. */
void rg_number_trim(char *text);

/* With so many significant digits, trimmed; `value` is not 0. */
void rg_number_significant(char text[RG_NUMBER_TEXT], double value, int digits);

/* "10" with a superscript, behind `mantissa` and a times sign; "" for no mantissa. */
void rg_number_power(char text[RG_NUMBER_TEXT], const char *mantissa, int exponent);

/* With as few significant digits as come within `error`, 12 at most; times a power of ten below 0.001 and from 100000
 * on. */
void rg_number_short(char text[RG_NUMBER_TEXT], double value, double error);

/* With so many significant digits, times a power of ten below 0.001 and from 100000 on; an infinity sign; "unknown" for what
 * is not a number. */
void rg_number_spell(char text[RG_NUMBER_TEXT], double value, int digits);

/* halves * pi / 2. */
void rg_number_pi(char text[RG_NUMBER_TEXT], int halves);

#endif
