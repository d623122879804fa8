"""CT images for biomatrix: a kind of entity, its files, and a small network that reduces their noise.

Not a medical device: for research alone, not for diagnosis or treatment.

>>> from biomatrix.entities import register_kind
>>> from biomatrix_ct import CT
>>> register_kind(CT).plural
'CT images'
"""

from biomatrix_ct.files import read_image, write_image
from biomatrix_ct.image import Image
from biomatrix_ct.kind import CT
from biomatrix_ct.noise import NoiseLevel, estimate_noise
from biomatrix_ct.restoration import NOTICE, Restored, restore

__all__ = [
    "CT",
    "NOTICE",
    "Image",
    "NoiseLevel",
    "Restored",
    "estimate_noise",
    "read_image",
    "restore",
    "write_image",
]
