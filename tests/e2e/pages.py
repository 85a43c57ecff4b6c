#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens the pages of the published case in Chromium, from file://, as a reader would.

usage: pages.py TOOL_CASE ROOTWATCH

Fails on a console message, a broken image, a page wider than its window, text that does not
stand out from its background, or a dark mode that is light.  Skipped (77) without Chromium.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

BROWSER = shutil.which('chromium') or shutil.which('chromium-browser')
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
         '--disable-sync', '--no-first-run', '--hide-scrollbars', '--enable-logging=stderr',
         '--allow-file-access-from-files', '--virtual-time-budget=20000', '--dump-dom']
DARK = '--blink-settings=preferredColorScheme=0'

# A page around the page, which asks it what it looks like and writes that down.
WATCHER = '''<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<iframe id="seen" src="%s" style="width:%dpx;height:20000px;border:0"></iframe><pre id="said"></pre>
<script>
function luminance(text) {
  const c = text.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}
function report() {
  const page = document.getElementById('seen').contentDocument;
  if (!page.querySelector('footer') || [...page.images].some(image => !image.complete)) return;
  clearInterval(timer);
  const said = {broken: [], faint: []};
  for (const image of page.images) {
    if (image.naturalWidth == 0) said.broken.push(image.src);
    if (!image.alt) said.broken.push('no alternative text: ' + image.src);
  }
  const back = luminance(page.defaultView.getComputedStyle(page.body).backgroundColor);
  for (const e of page.querySelectorAll('h1,h2,h3,p,td,th,dt,dd,a,small,footer')) {
    const own = luminance(page.defaultView.getComputedStyle(e).color);
    const contrast = (Math.max(own, back) + 0.05) / (Math.min(own, back) + 0.05);
    if (contrast < 4.5 && !e.closest('.state')) said.faint.push(e.tagName + ' ' + contrast);
  }
  said.back = back;
  said.images = page.images.length;
  said.wide = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  said.heading = page.querySelector('h1').textContent;
  document.getElementById('said').textContent = 'SAID' + JSON.stringify(said) + 'END';
}
const timer = setInterval(report, 100);
</script>'''


def look(directory, page, width, dark):
    watcher = os.path.join(directory, 'watcher.html')
    with open(watcher, 'w', encoding='utf-8') as f:
        f.write(WATCHER % ('www/' + page, width))
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run([BROWSER, *FLAGS, *([DARK] if dark else []),
                              '--user-data-dir=' + profile, 'file://' + watcher],
                             capture_output=True, text=True, timeout=600, check=False)
    console = [line for line in run.stderr.splitlines() if 'CONSOLE' in line]
    start = run.stdout.find('SAID{')
    if start < 0:
        return [f'the browser said nothing: {run.stderr[-400:]}'], {}
    said = json.loads(run.stdout[start + 4:run.stdout.index('END', start)]
                      .replace('&amp;', '&').replace('&lt;', '<').replace('&gt;', '>'))
    return console, said


def complaints(directory, page, width, dark):
    console, said = look(directory, page, width, dark)
    found = list(console)
    if said:
        found += ['broken image: ' + b for b in said['broken']]
        found += ['faint: ' + f for f in said['faint'][:5]]
        if said['wide'] > 0:
            found.append(f'{said["wide"]} points wider than its window')
        if (said['back'] < 0.2) != dark:
            found.append('light in the dark' if dark else 'dark in the light')
        if said['images'] == 0 or not said['heading']:
            found.append('no image, or no heading')
    return found


def main():
    tool, rootwatch = sys.argv[1:3]
    if BROWSER is None:
        print('Chromium is not installed')
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([tool, directory], check=True)
        subprocess.run([rootwatch, 'graph', '--state', directory], check=True)
        subprocess.run([rootwatch, 'incident', 'case', '2005-0118-1', '--state', directory],
                       check=True, stdout=subprocess.DEVNULL)
        for page in ('index.html', 'week.html', 'incidents/2005-0118-1/index.html',
                     '../cases/2005-0118-1/case.html'):
            for width, dark in ((1280, False), (1280, True), (400, False)):
                found = complaints(directory, page, width, dark)
                mode = 'dark' if dark else 'light'
                print('FAIL' if found else 'ok  ', page, width, mode, *found, sep='  ')
                failed = failed or bool(found)
    return 1 if failed else 0


sys.exit(main())
