-- Pictures of outlines: the SVG is the master, the PNG is made from it. The digest is that of the
-- master.

ALTER TABLE pictures ADD COLUMN svg TEXT;
