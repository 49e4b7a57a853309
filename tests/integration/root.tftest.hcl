# Run by test_terraform_root.py in a copy of the rendered module; the provider is a mock, so all of this is offline.
mock_provider "aws" {}

run "by_default" {
  assert {
    condition     = jsondecode(aws_ssm_document.command[0].content).parameters.Carrier.default == "terraform ssmwake"
    error_message = "the document is the one that carries the settings of the module"
  }
  assert {
    condition     = output.instance_tags == ({ ssmwake = "managed", "ssmwake:stack" = "ssmwake" })
    error_message = "the tags are the consent and that of the association"
  }
  assert {
    condition     = output.command_document_arn == aws_ssm_document.command[0].arn && output.association_id != null
    error_message = "what is created has its ARN or id in an output"
  }
}

run "without_documents_and_without_an_association" {
  variables {
    create_documents = false
    association_tag  = null
  }
  assert {
    condition     = length(aws_ssm_document.command) + length(aws_ssm_document.rescue) + length(aws_ssm_association.install) == 0
    error_message = "nothing is created"
  }
  assert {
    condition     = output.command_document_arn == null && output.association_id == null && output.instance_tags == ({ ssmwake = "managed" })
    error_message = "what is not created is null"
  }
}

run "a_tag_of_ones_own" {
  variables {
    association_tag = { key = "team", value = "web" }
  }
  assert {
    condition     = one(aws_ssm_association.install[0].targets).key == "tag:team"
    error_message = "the association looks for that tag"
  }
  assert {
    condition     = output.instance_tags == ({ ssmwake = "managed", team = "web" })
    error_message = "and it is among the tags for the instances"
  }
}

run "an_existing_role_for_the_runbook" {
  module {
    source = "./modules/rescue"
  }
  variables {
    role_arn      = "arn:aws:iam::123456789012:role/mine"
    allow_restart = false
  }
  assert {
    condition     = length(aws_iam_role.rescue) == 0 && output.role_arn == "arn:aws:iam::123456789012:role/mine"
    error_message = "no role is created"
  }
  assert {
    condition     = strcontains(aws_iam_policy.start.policy, "arn:aws:iam::123456789012:role/mine")
    error_message = "whoever starts the runbook may pass that role"
  }
}

run "a_boundary_and_no_restarts" {
  module {
    source = "./modules/rescue"
  }
  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    allow_restart        = false
  }
  assert {
    condition     = aws_iam_role.rescue[0].permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "the boundary is set"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.rescue[0].policy, "RebootInstances")
    error_message = "the role may not restart anything"
  }
}

run "a_fallback_that_does_not_exist" {
  command = plan
  module {
    source = "./modules/on-attach"
  }
  variables {
    runbook_role_arn = "arn:aws:iam::123456789012:role/rescue"
    fallback         = "terminate"
  }
  expect_failures = [var.fallback]
}
