"""An app of the AWS CDK: an ECS cluster, for whose instances the CDK appends commands of its own to the user data."""

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

import ssmwake

app = cdk.App()
stack = cdk.Stack(app, "Ecs", env=cdk.Environment(account="123456789012", region="eu-west-1"))
vpc = ec2.Vpc(stack, "Vpc")
agent = iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore")
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"), managed_policies=[agent])
user_data = ec2.UserData.custom(ssmwake.user_data(format="script"))
user_data.add_commands("echo ready >/etc/motd")
group = autoscaling.AutoScalingGroup(
    stack,
    "Group",
    vpc=vpc,
    launch_template=ec2.LaunchTemplate(
        stack,
        "Template",
        role=role,
        require_imdsv2=True,
        instance_type=ec2.InstanceType("t3.micro"),
        machine_image=ecs.EcsOptimizedImage.amazon_linux2023(),
        user_data=user_data,
    ),
)
cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(stack, "Capacity", auto_scaling_group=group))
app.synth()
