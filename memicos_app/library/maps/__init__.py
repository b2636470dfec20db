"""Maps: the features of a source, or of several, laid out on a plane so that what is alike lies together."""
