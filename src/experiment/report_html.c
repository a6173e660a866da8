/* report.html: one file that needs nothing else. The browser is told to run this script and this style alone, by their
 * hashes, and to load nothing but images that stand in the page. */
#include "experiment/report_html.h"

#include "base/base.h"
#include "base/embedded.h"
#include "io/file.h"

#include <rotgrad/version.h>

#include <assert.h>
#include <glib.h>
#include <string.h>

extern const rg_embedded rg_report_page[];

enum { SHA256_BYTES = 32 };

static const rg_embedded *file_of(const char *name) {
    return rg_embedded_find(rg_report_page, name);
}

static rg_status write_file(const rg_html *page, const char *name) {
    const rg_embedded *file = file_of(name);
    fwrite(file->text, 1, file->size, page->out);
    return RG_OK;
}

static rg_status write_style(const rg_html *page) {
    return write_file(page, "report.css");
}

static rg_status write_script(const rg_html *page) {
    return write_file(page, "report.js");
}

static void write_hash(FILE *out, const char *name) {
    const rg_embedded *file = file_of(name);
    guint8 digest[SHA256_BYTES];
    gsize size = sizeof digest;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)file->text, (gssize)file->size);
    g_checksum_get_digest(checksum, digest, &size);
    g_checksum_free(checksum);
    char *text = g_base64_encode(digest, size);
    fprintf(out, "'sha256-%s'", text);
    g_free(text);
}

static rg_status write_policy(const rg_html *page) {
    fputs("default-src 'none'; img-src data:; style-src ", page->out);
    write_hash(page->out, "report.css");
    fputs("; script-src ", page->out);
    write_hash(page->out, "report.js");
    fputs("; base-uri 'none'; form-action 'none'", page->out);
    return RG_OK;
}

static rg_status write_title(const rg_html *page) {
    const char *title = page->report->experiment->title;
    rg_html_text(page->out, title && *title ? title : "Untitled experiment");
    return RG_OK;
}

static rg_status write_version(const rg_html *page) {
    rg_html_text(page->out, rg_version());
    return RG_OK;
}

static const struct {
    const char *name;
    rg_html_section *write;
} section[] = {
    {"policy", write_policy},           {"style", write_style},
    {"script", write_script},           {"title", write_title},
    {"version", write_version},         {"answer", rg_html_answer},
    {"claims", rg_html_claims},         {"numbers", rg_html_numbers},
    {"charts", rg_html_charts},         {"figures", rg_html_figures},
    {"frames", rg_html_frames},         {"levels", rg_html_levels},
    {"provenance", rg_html_provenance},
};

static rg_status write_section(const rg_html *page, const char *name, size_t length) {
    for (size_t i = 0; i < sizeof section / sizeof *section; i++)
        if (strlen(section[i].name) == length && memcmp(section[i].name, name, length) == 0)
            return section[i].write(page);
    assert(0 && "report.html.in names a section that is not there");
    return RG_OK;
}

static rg_status write_page(const rg_html *page) {
    const char *text = file_of("report.html.in")->text;
    for (const char *mark; (mark = strstr(text, "{{"));) {
        const char *name = mark + 2, *end = strstr(name, "}}");
        if (!end) break;
        fwrite(text, 1, (size_t)(mark - text), page->out);
        const rg_status status = write_section(page, name, (size_t)(end - name));
        if (status) return status;
        text = end + 2;
    }
    fputs(text, page->out);
    return RG_OK;
}

rg_status rg_report_html(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    rg_output output;
    rg_status status = rg_output_begin(&output, path, diagnostic);
    if (status) return status;
    status = write_page(&(rg_html){output.file, report, path, diagnostic});
    return rg_output_end(&output, status, diagnostic);
}
