/* Text, formulas, numbers and images as HTML. */
#include "experiment/report_html.h"

#include "base/base.h"
#include "figure/number.h"
#include "figure/stream.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

enum { BLOCK = 3 << 12, ENCODED = BLOCK / 3 * 4 + 8, CSS_DPI = 96 };

static int is_control(const char *text) {
    const gunichar c = g_utf8_get_char(text);
    return g_unichar_iscntrl(c) && c != '\n' && c != '\t';
}

/* One character; returns the next one. */
static const char *write_character(FILE *out, const char *text) {
    static const struct {
        char character;
        const char *name;
    } escaped[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    const char *next = g_utf8_next_char(text);
    for (size_t i = 0; i < sizeof escaped / sizeof *escaped; i++)
        if (*text == escaped[i].character) {
            fputs(escaped[i].name, out);
            return next;
        }
    if (is_control(text))
        fputs(REPLACEMENT, out);
    else
        fwrite(text, 1, (size_t)(next - text), out);
    return next;
}

void rg_html_text(FILE *out, const char *text) {
    char *utf8 = rg_report_utf8(text ? text : "");
    for (const char *at = utf8; *at;) at = write_character(out, at);
    g_free(utf8);
}

void rg_html_formula(FILE *out, const char *text) {
    static const struct {
        const char *plain, *html;
    } sign[] = {{"<=", "\xe2\x89\xa4"},
                {"grad phi", "\xe2\x88\x87\xcf\x86"},
                {"int ", "\xe2\x88\xab\xe2\x80\xaf"},
                {"E_p", "E<sub>p</sub>"},
                {"p_T", "p<sub>T</sub>"},
                {"|pi)", "|\xcf\x80)"},
                {"chi^2", "\xcf\x87\xc2\xb2"},
                {"chi2", "\xcf\x87\xc2\xb2"},
                {"Hellinger2", "Hellinger\xc2\xb2"},
                {"^2", "\xc2\xb2"},
                {"sqrt(", "\xe2\x88\x9a("},
                {"sigma", "\xcf\x83"},
                {"e-0", "e" RG_MINUS "0"},
                {"exp(-", "exp(" RG_MINUS},
                {" - ", " " RG_MINUS " "},
                {" x ", " " RG_TIMES " "}};
    enum { SIGNS = sizeof sign / sizeof *sign };
    while (*text) {
        size_t i = 0;
        while (i < SIGNS && strncmp(text, sign[i].plain, strlen(sign[i].plain)) != 0) i++;
        if (i < SIGNS) fputs(sign[i].html, out);
        text = i < SIGNS ? text + strlen(sign[i].plain) : write_character(out, text);
    }
}

static const char *exponent_of(const char *number) {
    const char *e = strrchr(number, 'e');
    return e && (e[1] == '-' || e[1] == '+') ? e : NULL;
}

void rg_html_number(FILE *out, const char *number) {
    const char *e = exponent_of(number), *end = e ? e : number + strlen(number);
    if (*number == '-') fputs(RG_MINUS, out);
    number += *number == '-';
    fprintf(out, "%.*s", (int)(end - number), number);
    if (!e) return;
    const long exponent = strtol(e + 1, NULL, 10);
    fprintf(out, RG_THIN_SPACE RG_TIMES RG_THIN_SPACE "10<sup>%s%ld</sup>", exponent < 0 ? RG_MINUS : "",
            labs(exponent));
}

static void write_base64(FILE *out, const char *bytes, size_t size) {
    char text[ENCODED];
    int state = 0, save = 0;
    for (size_t done = 0; done < size;) {
        const size_t count = size - done < BLOCK ? size - done : BLOCK;
        const size_t length = g_base64_encode_step((const guchar *)bytes + done, count, FALSE, text, &state, &save);
        fwrite(text, 1, length, out);
        done += count;
    }
    fwrite(text, 1, g_base64_encode_close(FALSE, text, &state, &save), out);
}

/* Of a PNG's header, which starts at byte 16 with two numbers of four bytes. */
static unsigned long header_number(const char *bytes, size_t place) {
    unsigned long number = 0;
    for (size_t i = 0; i < 4; i++) number = number << 8 | (unsigned char)bytes[16 + 4 * place + i];
    return number;
}

void rg_html_image(FILE *out, rg_canvas_format format, const char *bytes, size_t size, const char *alt) {
    const int png = format == RG_CANVAS_PNG;
    fputs("<img ", out);
    if (png && size > 24)
        fprintf(out, "width=\"%lu\" height=\"%lu\" ", header_number(bytes, 0) * CSS_DPI / RG_HTML_DPI,
                header_number(bytes, 1) * CSS_DPI / RG_HTML_DPI);
    fputs("alt=\"", out);
    rg_html_text(out, alt);
    fprintf(out, "\" src=\"data:image/%s;base64,", png ? "png" : "svg+xml");
    write_base64(out, bytes, size);
    fputs("\">", out);
}

rg_status rg_html_draw(const rg_html *page, const rg_figure *figure, rg_canvas_format format, const char *alt) {
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    if (!stream) return rg_fail(page->diagnostic, RG_ENOMEM, "%s: out of memory", page->path);
    rg_diagnostic reason = {RG_OK, ""};
    rg_status status = rg_figure_stream(figure, format, stream, &reason);
    const int failed = ferror(stream);
    if (fclose(stream) != 0 || failed) status = status ? status : RG_ENOMEM;
    if (status)
        rg_fail(page->diagnostic, status, "%s: %s", page->path, *reason.text ? reason.text : rg_status_text(status));
    else
        rg_html_image(page->out, format, bytes, size, alt);
    free(bytes); /* open_memstream's */
    return status;
}
