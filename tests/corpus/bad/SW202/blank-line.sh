
#!/bin/bash
date
