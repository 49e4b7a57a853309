## template: jinja
#!/bin/bash
echo {{ hostname }} {{ ds.metadata.instance_id }}
