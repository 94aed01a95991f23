"""Reduces Phosphor to the icons that the window's icon.rs names; see assets/README.md."""
import re
import sys
from fontTools import subset


def main(names, source, target):
    with open(names) as file:
        chosen = [int(code, 16) for code in re.findall(r'"\\u\{([0-9a-f]+)\}"', file.read())]
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=chosen)
    subsetter.subset(font)
    missing = set(chosen) - set(font.getBestCmap())
    if missing:
        sys.exit(f"not in {source}: {', '.join(f'{code:x}' for code in sorted(missing))}")
    font.save(target)


main(*sys.argv[1:])
