using namespace System.Reflection
using namespace System.Reflection.Emit

function New-NativeOutputType {
    <#
    .SYNOPSIS
    Emits the output class of one derivation, with Derive, which does all that the derivation costs per object.
    .DESCRIPTION
    Derive(fields…) gives an instance, or, when there is something to say, the text `status U+001F answer` for Show-NativeTrouble.
    From(answer) makes the instance. The answer is kept as it came: a property finds its field when it is read.
    How it is emitted: see New-NativeLibraryType.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a type in memory.')]
    param(
        [string] $Name,
        [type] $Native
    )

    $call = [type].GetMethod('InvokeMember', [type[]]([string], [BindingFlags], [Binder], [object], [object[]]))
    $how = [BindingFlags]'Public, Instance, Static, InvokeMethod'
    $static = [MethodAttributes]'Public, Static'

    $assembly = $call.Invoke([AssemblyBuilder], ('DefineDynamicAssembly', $how, $null, $null, ([AssemblyName]$Name, [AssemblyBuilderAccess]::Run)))
    $module = $call.Invoke([AssemblyBuilder], ('DefineDynamicModule', $how, $null, $assembly, @($Name)))
    $type = $call.Invoke([ModuleBuilder], ('DefineType', $how, $null, $module, ($Name, [TypeAttributes]::Public)))
    $constructor = $call.Invoke([TypeBuilder], ('DefineDefaultConstructor', $how, $null, $type, @([MethodAttributes]::Public)))
    $answer = $call.Invoke([TypeBuilder], ('DefineField', $how, $null, $type, ('answer', [string], [FieldAttributes]::Private)))
    $separator = $call.Invoke([char], ('ConvertFromUtf32', $how, $null, $null, @(0x1F)))

    $export, $arguments, $properties = Get-NativeOutput $Name

    # string <Property>: its field of the answer.
    $toCharArray = $call.Invoke([type], ('GetMethod', $how, $null, [string], ('ToCharArray', [type[]]@())))
    $split = $call.Invoke([type], ('GetMethod', $how, $null, [string], ('Split', [type[]]@([char[]]))))
    foreach ($row in $properties) {
        $property, $index = $row
        $getter = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ("get_$property", [MethodAttributes]::Public, [string], [type[]]@())))
        $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $getter, $null))
        foreach ($step in (
                @([OpCodes]::Ldarg_0), ([OpCodes]::Ldfld, $answer), ([OpCodes]::Ldstr, $separator), ([OpCodes]::Callvirt, $toCharArray),
                ([OpCodes]::Callvirt, $split), ([OpCodes]::Ldc_I4, $index), @([OpCodes]::Ldelem_Ref), @([OpCodes]::Ret)
            )) { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }
        $builder = $call.Invoke([TypeBuilder], ('DefineProperty', $how, $null, $type, ($property, [PropertyAttributes]::None, [string], [type[]]@())))
        $null = $call.Invoke([PropertyBuilder], ('SetGetMethod', $how, $null, $builder, @($getter)))
    }

    # object From(string answer)
    $from = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ('From', $static, [object], [type[]]@([string]))))
    $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $from, $null))
    foreach ($step in (
            ([OpCodes]::Newobj, $constructor), @([OpCodes]::Dup), @([OpCodes]::Ldarg_0), ([OpCodes]::Stfld, $answer), @([OpCodes]::Ret)
        )) { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }

    # object Derive(object…)
    $text = $call.Invoke([type], ('GetMethod', $how, $null, $Native, ('Text', [type[]]@([object]))))
    $take = $call.Invoke([type], ('GetMethod', $how, $null, $Native, ('Take', [type[]]([IntPtr], [UIntPtr]))))
    $derivation = $call.Invoke([type], ('GetMethod', $how, $null, $Native, @($export)))
    $concat = $call.Invoke([type], ('GetMethod', $how, $null, [string], ('Concat', [type[]]([string], [string], [string]))))
    $report = $call.Invoke([type], ('GetMethod', $how, $null, [string], ('Concat', [type[]]([object], [object], [object]))))
    $utf8 = $call.Invoke([type], ('GetMethod', $how, $null, [Text.Encoding], ('get_UTF8', [type[]]@())))
    $getBytes = $call.Invoke([type], ('GetMethod', $how, $null, [Text.Encoding], ('GetBytes', [type[]]@([string]))))
    $endsWith = $call.Invoke([type], ('GetMethod', $how, $null, [string], ('EndsWith', [type[]]([string], [StringComparison]))))
    $derive = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ('Derive', $static, [object], $arguments[0])))
    $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $derive, $null))
    $bytes = $call.Invoke([ILGenerator], ('DeclareLocal', $how, $null, $il, @([byte[]])))
    $pointer = $call.Invoke([ILGenerator], ('DeclareLocal', $how, $null, $il, @([IntPtr])))
    $length = $call.Invoke([ILGenerator], ('DeclareLocal', $how, $null, $il, @([UIntPtr])))
    $status = $call.Invoke([ILGenerator], ('DeclareLocal', $how, $null, $il, @([int])))
    $result = $call.Invoke([ILGenerator], ('DeclareLocal', $how, $null, $il, @([string])))
    $trouble = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, ([OpCodes]::Call, $utf8)))
    $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, @([OpCodes]::Ldarg_0)))
    $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, ([OpCodes]::Call, $text)))
    foreach ($argument in $arguments[1]) {
        foreach ($step in (([OpCodes]::Ldstr, $separator), @($argument), ([OpCodes]::Call, $text), ([OpCodes]::Call, $concat))) {
            $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step))
        }
    }
    foreach ($step in (
            ([OpCodes]::Callvirt, $getBytes), ([OpCodes]::Stloc, $bytes),
            ([OpCodes]::Ldloc, $bytes), ([OpCodes]::Ldloc, $bytes), @([OpCodes]::Ldlen), @([OpCodes]::Conv_U),
            ([OpCodes]::Ldloca, $pointer), ([OpCodes]::Ldloca, $length), ([OpCodes]::Call, $derivation), ([OpCodes]::Stloc, $status),
            ([OpCodes]::Ldloc, $pointer), ([OpCodes]::Ldloc, $length), ([OpCodes]::Call, $take), ([OpCodes]::Stloc, $result),
            ([OpCodes]::Ldloc, $status), ([OpCodes]::Brtrue, $trouble),
            # The last field is Notes: nothing after the last separator is nothing to say.
            ([OpCodes]::Ldloc, $result), ([OpCodes]::Ldstr, $separator), @([OpCodes]::Ldc_I4_4), ([OpCodes]::Callvirt, $endsWith), ([OpCodes]::Brfalse, $trouble),
            ([OpCodes]::Ldloc, $result), ([OpCodes]::Call, $from), @([OpCodes]::Ret),
            $trouble, ([OpCodes]::Ldloc, $status), ([OpCodes]::Box, [int]), ([OpCodes]::Ldstr, $separator), ([OpCodes]::Ldloc, $result),
            ([OpCodes]::Call, $report), @([OpCodes]::Ret)
        )) {
        if ($step -is [Label]) { $null = $call.Invoke([ILGenerator], ('MarkLabel', $how, $null, $il, @($step))) }
        else { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }
    }

    $call.Invoke([TypeBuilder], ('CreateType', $how, $null, $type, $null))
}
