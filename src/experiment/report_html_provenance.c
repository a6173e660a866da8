/* Where the numbers come from: the same document that report.json holds under "provenance". */
#include "experiment/report_html.h"
#include "experiment/report_words.h"

#include "base/base.h"

#include <glib.h>
#include <stdlib.h>

static void write_entry(FILE *out, const char *head, const char *text) {
    fprintf(out, "<dt>%s</dt><dd>", head);
    rg_html_text(out, text);
    fputs("</dd>\n", out);
}

static void write_libraries(FILE *out, json_t *libraries) {
    const char *name, *separator = "";
    json_t *version;
    fputs("<dt>Libraries</dt><dd>", out);
    json_object_foreach(libraries, name, version) {
        fputs(separator, out);
        rg_html_text(out, name);
        fputc(' ', out);
        rg_html_text(out, json_string_value(version));
        separator = ", ";
    }
    fputs("</dd>\n", out);
}

static void write_inputs(FILE *out, json_t *inputs) {
    size_t i;
    json_t *input;
    fputs("<dt>Inputs, SHA-256</dt><dd>", out);
    if (json_array_size(inputs) > 0) fputs("<ul class=\"inputs\">\n", out);
    json_array_foreach(inputs, i, input) {
        fputs("<li>", out);
        rg_html_text(out, json_string_value(json_object_get(input, "path")));
        fputs(" <code>", out);
        rg_html_text(out, json_string_value(json_object_get(input, "sha256")));
        fputs("</code></li>\n", out);
    }
    fputs(json_array_size(inputs) > 0 ? "</ul></dd>\n" : "none</dd>\n", out);
}

static void write_command(FILE *out, const char *command) {
    if (!command) return;
    fputs("<dt>Command</dt><dd><code>", out);
    rg_html_text(out, command);
    fputs("</code></dd>\n", out);
}

static void write_list(const rg_html *page, json_t *provenance) {
    FILE *out = page->out;
    char *work = rg_report_work(page->report->outcome);
    fputs("<dl class=\"provenance\">\n", out);
    write_command(out, json_string_value(json_object_get(provenance, "command")));
    write_entry(out, "Date", json_string_value(json_object_get(provenance, "date")));
    write_entry(out, "Work", work);
    fprintf(out, "<dt>Threads</dt><dd>%lld</dd>\n",
            (long long)json_integer_value(json_object_get(provenance, "threads")));
    write_inputs(out, json_object_get(provenance, "inputs"));
    write_entry(out, "rotgrad", json_string_value(json_object_get(provenance, "version")));
    write_libraries(out, json_object_get(provenance, "libraries"));
    fputs("</dl>\n", out);
    g_free(work);
}

static void write_resolved(FILE *out, const char *resolved) {
    if (!resolved) return;
    fputs("<details><summary>The experiment as it was understood, every default filled in</summary>\n"
          "<pre class=\"scroll\" tabindex=\"0\">",
          out);
    rg_html_text(out, resolved);
    fputs("</pre></details>\n", out);
}

rg_status rg_html_provenance(const rg_html *page) {
    json_t *document = rg_report_document(page->report);
    if (!document) return rg_fail(page->diagnostic, RG_ENOMEM, "%s: out of memory", page->path);
    write_list(page, json_object_get(document, "provenance"));
    write_resolved(page->out, page->report->experiment->resolved);
    json_decref(document);
    return RG_OK;
}
