"""Referring questions, whose answers name objects with their bounding boxes: what, where and why."""
