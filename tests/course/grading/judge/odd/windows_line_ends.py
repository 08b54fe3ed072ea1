"""Line ends are those of Windows, and of old Macs."""


def change(cells):
    for at, cell in enumerate(cells):
        cell["source"] = cell["source"].replace("\n", "\r\n" if at % 2 else "\r")
