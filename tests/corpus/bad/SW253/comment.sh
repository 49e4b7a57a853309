## template: jinja
#!/bin/bash
names=(one two)
echo ${#names[@]}
