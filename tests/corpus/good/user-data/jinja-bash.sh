## template: jinja
#!/bin/bash
set -euo pipefail
region={{ v1.region }}
{% for key, value in (ds.meta_data.tags.instance | default({})).items() %}
echo "{{ key }}={{ value }}" >> /etc/tags
{% endfor %}
aws s3 cp "s3://example-{{ v1.region }}/current.tar.gz" /tmp/ --region "$region"
