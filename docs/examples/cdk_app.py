"""An app of the AWS CDK: a launch template with ssmwake in its user data, and the Command document."""

import json

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm

import ssmwake

app = cdk.App()
stack = cdk.Stack(app, "Web")
agent = iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore")
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"), managed_policies=[agent])
ec2.LaunchTemplate(
    stack,
    "Template",
    role=role,
    require_imdsv2=True,
    user_data=ec2.UserData.custom(ssmwake.user_data(timeout="15m")),
)
ssm.CfnDocument(
    stack,
    "Command",
    content=json.loads(ssmwake.document("command", format="json", timeout="15m")),
    document_type="Command",
    update_method="NewVersion",
)
app.synth()
