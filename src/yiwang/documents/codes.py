"""QR codes (二维码), drawn."""

from __future__ import annotations

from base64 import b64encode

import zxingcpp

SCALE = 4
"""Side of a module in the drawing's own units."""


def qr_svg(text: str, *, border: bool = False) -> str:
    """Return a QR code of `text` as a drawing in SVG, error correction M.

    Args:
        text: What the code says.
        border: With the empty border of four modules that the standard asks for around it; what
            is printed on white paper has it already.
    """
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawn = zxingcpp.write_barcode_to_svg(code, scale=SCALE, add_quiet_zones=border)
    return drawn[drawn.index("<svg") :]


def qr_image(text: str) -> str:
    """Return a QR code of `text` with its border as the address of a picture on a page."""
    drawn = b64encode(qr_svg(text, border=True).encode()).decode()
    return f"data:image/svg+xml;base64,{drawn}"
