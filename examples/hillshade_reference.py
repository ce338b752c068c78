"""Compares the files that hillshade.sh wrote with the same relief computed by NumPy, as matplotlib's LightSource does."""

import subprocess
import sys

import numpy as np

folder = sys.argv[1]
listing = subprocess.run(["dpkg", "-L", "python-matplotlib-data"], check=True, capture_output=True, text=True).stdout
model = np.load(next(line for line in listing.splitlines() if line.endswith("/jacksboro_fault_dem.npz")))

z = model["elevation"].astype(np.float64)
dy = 111200 * model["dy"]
dx = 111200 * model["dx"] * np.cos(np.radians(model["ymin"]))
slope_y, slope_x = np.gradient(z, -dy, dx)
normal = np.stack([-slope_x, -slope_y, np.ones_like(z)], axis=-1)
normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
azimuth, altitude = np.radians(90 - 315), np.radians(45)
light = [np.cos(azimuth) * np.cos(altitude), np.sin(azimuth) * np.cos(altitude), np.sin(altitude)]
expected = np.clip(normal @ light, 0, 1)

failures = 0


def check(what, good):
    global failures
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}")


for name in ("cpp", "command"):
    relief = np.load(f"{folder}/{name}.npy")
    check(f"{name}.npy: float64 {expected.shape}", relief.dtype == np.float64 and relief.shape == expected.shape)
    difference = np.abs(relief - expected).max()
    check(f"{name}.npy: differs from NumPy by {difference:.3g}", difference < 1e-13)
    with open(f"{folder}/{name}.pgm", "rb") as file:
        header, pixels = file.read().split(b"\n255\n", 1)
    check(f"{name}.pgm: header", header == b"P5\n%d %d" % (z.shape[1], z.shape[0]))
    image = np.frombuffer(pixels, np.uint8).reshape(z.shape)
    check(f"{name}.pgm: pixels", np.abs(image - expected * 255).max() <= 0.5 + 1e-9)

with open(f"{folder}/cpp.txt") as file:
    printed = {line.rsplit(None, 1)[0]: line.rsplit(None, 1)[1] for line in file if line.strip()}
slope = np.degrees(np.arctan(np.hypot(slope_x, slope_y)))
row, column = np.unravel_index(z.argmax(), z.shape)
for name, value in {
    "lowest (m)": z.min(),
    "highest (m)": z.max(),
    "highest, row": row,
    "highest, column": column,
    "mean elevation (m)": z.mean(),
    "standard deviation (m)": z.std(),
    "row with highest mean": z.mean(axis=1).argmax(),
    "its mean (m)": z.mean(axis=1).max(),
    "mean slope (deg)": slope.mean(),
    "steepest slope (deg)": slope.max(),
    "share above 15 deg": (slope > 15).mean(),
    "surface per plan area": np.sqrt(slope_x**2 + slope_y**2 + 1).mean(),
    "mean brightness": expected.mean(),
}.items():
    check(f"{name}: {printed[name]}, NumPy {value}", abs(float(printed[name]) - value) <= 1e-11 * abs(value))

sys.exit(1 if failures else 0)
