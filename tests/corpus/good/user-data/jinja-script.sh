## template: jinja
#!/bin/sh
echo "instance {{ ds.meta_data.instance_id }} in {{ v1.availability_zone }}" >> /var/log/first-boot.log
{% if ds.meta_data.public_ipv4 is defined %}
echo "address {{ ds.meta_data.public_ipv4 }}" >> /var/log/first-boot.log
{% endif %}
