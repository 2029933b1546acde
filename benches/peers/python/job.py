"""What the Python peers share: their arguments."""

import sys

SIGMA = 70
"""The sigma that the reference app blurs faces with, in pixels."""
QUALITY = 90
"""The quality that the photos were encoded with."""


def run(version, blur):
    """`PEER.py --version`, or `PEER.py METHOD IN OUT [X,Y,WIDTH,HEIGHT]...`: calls `blur(method, in, out, faces)`."""
    if sys.argv[1:] == ["--version"]:
        print(version)
        return
    method, source, target, *faces = sys.argv[1:]
    blur(method, source, target, [tuple(map(int, face.split(","))) for face in faces])
