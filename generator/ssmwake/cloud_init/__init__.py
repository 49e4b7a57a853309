"""User data as cloud-init reads it: telling its kinds apart, taking it apart, putting it together, and its size."""
