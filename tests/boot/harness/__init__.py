"""Boot real Debian root file systems in containers whose network holds nothing but a fake IMDS."""
