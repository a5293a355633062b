"""What we know of Perspective: its attributes, the scale of its scores, and how a site's old scores compare to ours."""
