"""How the pages are made into a site: `sphinx-build -W --keep-going -n -b html docs build/docs`.

It reads the Markdown alone. What is generated from the code (reference-kit.md, reference-testing.md) is written by
`python -m docs.reference` and committed, so that the pages can be read in the repository as well.
"""

project = "county-portal"
author = "county-portal"
copyright = "MIT"
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True

# Headings may be linked to: plugins.md#levels.
myst_heading_anchors = 3

html_theme = "furo"
html_title = "county-portal"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
# System fonts only: an intranet has no CDN, and the pages look like the portal.
FONTS = '"HarmonyOS Sans SC", "PingFang SC", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#125A67", "color-brand-content": "#125A67", "font-stack": f"system-ui, {FONTS}",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8FC5CE", "color-brand-content": "#8FC5CE", "font-stack": f"system-ui, {FONTS}",
    },
}
