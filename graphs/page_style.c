/* SPDX-License-Identifier: MIT */
#include "graphs/page.h"

#include "graphs/publish.h"

/* Pictures are on white: in the dark their cards are light, a little dimmed with them. */
static const char style[] =
        ":root{--back:#fbfbf9;--text:#1e2227;--soft:#656b73;--line:#e4e2dc;--raised:#fff;"
        "--link:#004488;--bar:#cfd8e3;--accent:#CC3311}\n"
        "@media(prefers-color-scheme:dark){:root{--back:#15171a;--text:#e7e6e2;"
        "--soft:#9aa0a8;--line:#2c3036;--raised:#1c1f23;--link:#8ab8e6;--bar:#34485f;"
        "--accent:#f0735a}.card{background:#efefec!important}"
        ".card img{mix-blend-mode:multiply}}\n"
        "*{box-sizing:border-box}\n"
        "body{margin:0;background:var(--back);color:var(--text);"
        "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu "
        "Sans\",sans-serif;"
        "-webkit-text-size-adjust:100%}\n"
        "main,.top,footer{max-width:71.5rem;margin:0 auto;padding:0 1.5rem}\n"
        ".top{display:flex;flex-wrap:wrap;gap:.25rem 2rem;align-items:baseline;"
        "padding-top:1.4rem;padding-bottom:1.1rem}\n"
        ".site{font-weight:650;color:var(--text)}\n"
        "nav{display:flex;gap:1.4rem}\n"
        "nav a{color:var(--soft)}nav a[aria-current]{color:var(--text);font-weight:600}\n"
        "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
        "a:focus-visible{outline:2px solid "
        "var(--link);outline-offset:3px;border-radius:2px}\n"
        "h1{font-size:clamp(1.5rem,3.4vw,2.15rem);line-height:1.22;font-weight:650;"
        "letter-spacing:-.018em;margin:2.2rem 0 .5rem;max-width:34em;text-wrap:balance;"
        "overflow-wrap:anywhere}\n"
        "h2{font-size:1.15rem;font-weight:650;margin:3rem 0 .9rem;letter-spacing:-.005em}\n"
        "h3{font-size:1rem;font-weight:600;margin:0;overflow-wrap:anywhere}\n"
        "p{margin:.2rem 0}\n"
        ".lead,.when,.words,.quiet{color:var(--soft)}\n"
        ".words{margin:-.6rem 0 .8rem;font-size:.93rem}\n"
        "small{font-size:.87em;color:var(--soft);font-weight:400}\n"
        ".card{background:#fff;border:1px solid "
        "var(--line);border-radius:10px;overflow:hidden}\n"
        "figure{margin:0;padding:.9rem}img{display:block;max-width:100%;height:auto}\n"
        "figure img{margin:0 auto}\n"
        ".set{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),"
        "1fr));"
        "gap:1rem}\n"
        ".incident{display:grid;grid-template-columns:auto 1fr auto;gap:1.25rem;"
        "align-items:center;padding:1rem 0;border-top:1px solid var(--line)}\n"
        ".incident:last-of-type{border-bottom:1px solid var(--line)}\n"
        ".thumb{display:block;width:fit-content;padding:4px}.thumb "
        "img{width:240px;height:60px}\n"
        ".facts{font-variant-numeric:tabular-nums}\n"
        ".state{font-size:.85rem;color:var(--soft);padding:.1rem .7rem;border:1px solid "
        "var(--line);border-radius:1rem}\n"
        ".open .state,.state.open{color:#fff;background:#CC3311;border-color:#CC3311}\n"
        "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
        ".wide{overflow-x:auto}\n"
        "th{font-weight:500;color:var(--soft);font-size:.87rem;text-align:left;"
        "white-space:nowrap}\n"
        "th,td{padding:.42rem 1.1rem .42rem 0;border-bottom:1px solid var(--line);"
        "vertical-align:baseline}\n"
        "th:last-child,td:last-child{padding-right:0}\n"
        ".n{text-align:right;white-space:nowrap}\n"
        "td.culprit,.culprit{color:var(--accent);font-weight:600}\n"
        ".share{width:24%}.bar{display:block;height:.55rem;min-width:1px;border-radius:2px;"
        "background:var(--bar)}.culprit~td .bar{background:#CC3311}\n"
        "dl{margin:0}dt{color:var(--soft);font-size:.87rem}dd{margin:0;"
        "font-variant-numeric:tabular-nums}\n"
        ".reasons{margin-top:1.6rem;max-width:44rem}.reasons th{padding-top:1rem}\n"
        ".key{margin-top:1.6rem}.narrow{max-width:36rem}\n"
        ".set figure{padding:.5rem}\n"
        ".health,.key{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,"
        "1fr));"
        "gap:1.1rem 1.5rem}\n"
        ".key dd{font-size:1.35rem;font-weight:600;letter-spacing:-.01em}\n"
        ".name{overflow-wrap:anywhere;font-family:ui-monospace,\"DejaVu Sans "
        "Mono\",monospace;"
        "font-size:.9rem}\n"
        ".warn{border-left:3px solid var(--accent);padding:.3rem 0 .3rem .9rem;margin:1rem "
        "0}\n"
        "footer{color:var(--soft);font-size:.87rem;margin-top:3.5rem;padding-top:1.2rem;"
        "padding-bottom:2.5rem}\n"
        "@media(max-width:40rem){main,.top,footer{padding-left:1rem;padding-right:1rem}"
        ".incident{grid-template-columns:1fr auto}.thumb{grid-column:1/-1}"
        "figure{padding:.4rem}.share{display:none}}\n"
        "@media print{body{background:#fff}.top nav{display:none}}\n";

/* Of the pages of incidents; apart, since a string of C has at most 4095 characters. */
static const char story_style[] =
        ".looked{color:var(--soft);font-size:.87rem;margin-top:.5rem}\n"
        ".short{margin:1.4rem 0 0;display:grid;grid-template-columns:max-content 1fr;"
        "gap:.35rem 1.2rem}.short dt{font-size:1rem}.short dd{overflow-wrap:anywhere}\n"
        ".strip{display:flex;gap:2px;margin:.8rem 0 1rem;border-radius:6px;overflow:hidden}\n"
        ".strip span{flex-basis:0;min-width:2px;padding:.45rem .5rem;overflow:hidden;"
        "white-space:nowrap;font-size:.87rem;background:rgba(187,187,187,.25)}\n"
        ".strip .o0{background:rgba(0,68,136,.22)}.strip .o1{background:rgba(221,170,51,.4)}"
        ".strip .o2{background:rgba(187,85,102,.3)}.strip .o3{background:rgba(34,136,51,.28)}"
        ".strip .no{background:repeating-linear-gradient(45deg,rgba(204,51,17,.3) 0 6px,"
        "rgba(204,51,17,.12) 6px 12px)}\n"
        "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,"
        "\"DejaVu Sans Mono\",monospace;font-size:.87rem;line-height:1.45;"
        "border:1px solid var(--line);border-radius:10px;background:var(--raised);"
        "padding:.9rem 1.1rem;margin:.6rem 0;max-width:52rem}\n"
        "summary{cursor:pointer;color:var(--link)}.points{padding-left:1.2rem;margin:.5rem 0}\n"
        ".day{white-space:nowrap}.net{margin:1.2rem 0 .4rem}\n";

void page_style(FILE *to)
{
    (void)fputs(style, to);
    (void)fputs(story_style, to);
}

bool page_write_style(struct press *press)
{
    struct html h;
    bool done = html_init(&h, press->err);
    if (!done)
        return false;
    page_style(h.to);
    done = html_finish(&h, press->err) &&
           publish_file(press->out_dir, "style.css", h.text, h.size, press->err);
    html_fini(&h);
    return done;
}
