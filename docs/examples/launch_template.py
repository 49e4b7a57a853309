"""Make a launch template: here UserData must be base64 already. What is in setup.sh runs too."""

import base64
from pathlib import Path

import boto3

import ssmwake

user_data = ssmwake.user_data(role="web", include=(Path("setup.sh").read_bytes(),))
boto3.client("ec2").create_launch_template(
    LaunchTemplateName="web",
    LaunchTemplateData={
        "UserData": base64.b64encode(user_data.encode()).decode(),
        "MetadataOptions": {"HttpTokens": "required"},
    },
)
