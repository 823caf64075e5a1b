"""Reads a record on paper (PDF) with programs that are not ours: PDFium renders it, ZXing reads the QR code.

    python tests/read_paper.py FILE

Prints one JSON object: `pages`, `codes` (texts of the QR codes on the first page), `text` (of all pages).
"""

import json
import sys

import pypdfium2
import zxingcpp


def main() -> None:
    document = pypdfium2.PdfDocument(sys.argv[1])
    # Dots per point: 3 is 216 dpi, less than an office printer.
    image = document[0].render(scale=3).to_pil()
    codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    print(json.dumps({"pages": len(document), "codes": [code.text for code in codes], "text": text}))


main()
