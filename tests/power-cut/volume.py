"""An ext4 file system of its own in a file, whose power can be cut.

The cut is ext4's shutdown ioctl without a flush of its log: from that moment nothing reaches the
image any more, neither data nor journal, and what was only in the page cache is gone with the
unmount. The image's own cache is that of the host, which stays up, so a device that lies about
its cache is not what is tested here."""
import fcntl
import os
import struct
import subprocess
from pathlib import Path

# <linux/ext4.h>: EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32).
EXT4_IOC_SHUTDOWN = 0x8004587D
EXT4_GOING_FLAGS_NOLOGFLUSH = 2
IMAGE_BYTES = 4 << 30


class Unable(Exception):
    """This machine cannot mount an image."""


class Volume:
    """Mounted at `root` while entered; the image is sparse, and gone afterwards."""

    def __init__(self, folder):
        self.image, self.root = folder / "image", folder / "volume"

    def __enter__(self):
        try:
            with open(self.image, "wb") as image:
                image.truncate(IMAGE_BYTES)
            command("mkfs.ext4", "-q", "-F", self.image)
            self.root.mkdir(exist_ok=True)
            self._mount()
        except Unable:
            self._clean_up()
            raise
        return self

    def __exit__(self, *_):
        self._clean_up()

    def cut_power(self):
        root = os.open(self.root, os.O_RDONLY)
        try:
            flags = struct.pack("=I", EXT4_GOING_FLAGS_NOLOGFLUSH)
            fcntl.ioctl(root, EXT4_IOC_SHUTDOWN, flags)
        finally:
            os.close(root)

    def restore_power(self):
        """Replays the file system's own journal, as a start after a power cut does."""
        command("umount", self.root)
        self._mount()

    def _mount(self):
        command("mount", "-o", "loop", self.image, self.root)

    def _clean_up(self):
        if self.root.is_mount():
            # Lazily where somebody is still in there; the loop device goes with the last of them.
            for how in [(), ("--lazy",)]:
                if subprocess.run(["umount", *how, self.root], check=False).returncode == 0:
                    break
        self.image.unlink(missing_ok=True)


def command(*words):
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              check=False)
    except FileNotFoundError as missing:
        raise Unable(f"{missing.filename} is not there") from missing
    if done.returncode != 0:
        raise Unable(f"{words[0]}: {done.stderr.strip()}")


def why_not(folder):
    """Why power cannot be cut here, in words; None when it can."""
    if os.geteuid() != 0:
        return "mounting wants root"
    if not Path("/dev/loop-control").exists():
        return "there is no loop device"
    try:
        with Volume(folder) as volume:
            volume.cut_power()
            volume.restore_power()
    except (Unable, OSError) as error:
        return str(error)
    return None
