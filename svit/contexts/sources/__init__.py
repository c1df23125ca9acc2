"""Where the contexts come from: Visual Genome, COCO, people's own records, and the store that keeps them."""
