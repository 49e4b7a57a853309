"""Make a launch template: its UserData must be base64 already. What is in setup.sh runs too."""

from pathlib import Path

import boto3

import ssmwake

user_data = ssmwake.user_data(role="web", include=[Path("setup.sh")], gzip=True, base64=True)
boto3.client("ec2").create_launch_template(
    LaunchTemplateName="web",
    LaunchTemplateData={"UserData": user_data, "MetadataOptions": {"HttpTokens": "required"}},
)
