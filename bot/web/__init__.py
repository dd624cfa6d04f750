"""The web part: chart pictures by signed link, and the page on which Pitcrew can be tried without any workspace."""
