"""Pictures: images with predictions, weights and feature maps as shades, pixels with their values."""

from utils.show.images.answers import answer_bars, answers
from utils.show.images.exams import exam_images
from utils.show.images.garments import garments
from utils.show.images.maps import filter_maps, heat_map, weight_maps
from utils.show.images.pixels import pixels

__all__ = ["answer_bars", "answers", "exam_images", "filter_maps", "garments", "heat_map", "pixels", "weight_maps"]
