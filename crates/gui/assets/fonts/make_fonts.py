"""Makes the fonts of crates/gui/assets/fonts from Debian's fonts-inter and fonts-jetbrains-mono; see assets/README.md."""
import sys
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x192, 0x192), (0x218, 0x21B), (0x2B0, 0x2FF), (0x370, 0x3FF), (0x400, 0x45F),
          (0x490, 0x4FF), (0x1E80, 0x1E85), (0x1EA0, 0x1EF9), (0x2010, 0x205E), (0x2070, 0x209C), (0x20A0, 0x20BF),
          (0x2100, 0x214F), (0x2150, 0x215F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF), (0x25A0, 0x25FF),
          (0x2713, 0x2717), (0xFFFD, 0xFFFD)]


def quadratic(font):
    """Turns cubic outlines (CFF) into the quadratic ones of TrueType."""
    order, glyphs, drawn = font.getGlyphOrder(), {}, font.getGlyphSet()
    for name in order:
        pen = TTGlyphPen(drawn)
        drawn[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    del font["CFF "]
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in ("maxZones maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs maxStackElements "
                  "maxSizeOfInstructions maxComponentElements maxPoints maxContours maxCompositePoints "
                  "maxCompositeContours maxComponentDepth").split():
        setattr(maxp, field, 1 if field == "maxZones" else 0)
    font["post"].formatType = 3.0
    font["head"].glyphDataFormat = 0
    font.sfntVersion = "\000\001\000\000"


def main(source, target):
    options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp", "locl"], hinting=False, notdef_outline=True,
                             desubroutinize=True, recalc_bounds=True)
    font = subset.load_font(source, options)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[c for first, last in RANGES for c in range(first, last + 1)])
    chosen.subset(font)
    digits = [font.getBestCmap()[ord(d)] for d in "0123456789"]
    width = max(font["hmtx"][d][0] for d in digits)
    for d in digits:  # Rounding left some a hair narrower.
        font["hmtx"][d] = (width, font["hmtx"][d][1])
    if "CFF " in font:
        quadratic(font)
    font.save(target)


main(*sys.argv[1:])
